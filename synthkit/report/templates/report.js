"use strict";
// Draws each chart when it comes near the window, and its figures as a table when that is opened.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const places = [...document.querySelectorAll("[data-chart]")];
  const failed = [];

  // A chart of several panels cannot follow its container by itself: as many beside each other as there is room for.
  const panelled = (spec, room) => {
    const panels = spec.concat, margin = 110;
    const widest = Math.max(...panels.map((panel) => panel.width));
    const columns = Math.max(1, Math.min(panels.length, Math.floor(room / (widest + margin))));
    const width = Math.min(widest, Math.max(120, room / columns - margin));
    const sized = panels.map((panel) => ({...panel, width, height: (panel.height * width) / panel.width}));
    return {...spec, concat: sized, columns};
  };

  const fitted = (spec, room) => {
    const {title, ...rest} = spec;
    return rest.concat ? panelled(rest, room) : {...rest, width: "container"};
  };

  const draw = async (place) => {
    if (place.dataset.drawn) return;
    place.dataset.drawn = "soon";
    const spec = data.charts[place.dataset.chart];
    const options = {
      actions: false, ast: true, config: data.theme, defaultStyle: false, mode: "vega-lite", renderer: "svg",
      tooltip: {disableDefaultStyle: true},
    };
    try {
      await vegaEmbed(place, fitted(spec, place.clientWidth), options);
      place.dataset.drawn = "yes";
    } catch (error) {
      place.dataset.drawn = "failed";
      place.textContent = "This chart could not be drawn; its figures are in report.json.";
      failed.push(error);
      console.error(error);
    }
    place.removeAttribute("aria-busy");
  };

  const near = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((each) => each.isIntersecting)) {
      near.unobserve(entry.target);
      draw(entry.target);
    }
  }, {rootMargin: "400px"});
  places.forEach((place) => near.observe(place));

  let width = window.innerWidth, waiting;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (window.innerWidth === width) return;
      width = window.innerWidth;
      for (const place of places.filter((each) => each.dataset.drawn === "yes" && data.charts[each.dataset.chart].concat)) {
        delete place.dataset.drawn;
        draw(place);
      }
    }, 200);
  });

  const shown = (value) =>
    typeof value === "number" ? String(+value.toPrecision(4)) : value === undefined || value === null ? "" : String(value);

  // Every set of rows in a chart, wherever it stands.
  const sets = (part, name) => {
    if (!part || typeof part !== "object") return [];
    const own = part.data && part.data.values ? [[part.title ? part.title.text : name, part.data.values]] : [];
    return [...own, ...["layer", "concat"].flatMap((key) => (part[key] || []).flatMap((each) => sets(each, name)))];
  };

  const table = (name, rows) => {
    const made = document.createElement("table"), all = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    const names = all.filter((each) => !(all.includes("from") && (each === "x" || each === "x2")));
    const head = made.createTHead().insertRow(), body = made.createTBody();
    if (name) made.createCaption().textContent = name;
    for (const each of names) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = {x: "from", x2: "to", y: "name", v: "dependence"}[each] || each;
      head.append(cell);
    }
    for (const row of rows) {
      const line = body.insertRow();
      for (const each of names) line.insertCell().textContent = shown(row[each]);
    }
    return made;
  };

  for (const details of document.querySelectorAll("details[data-table]")) {
    details.addEventListener("toggle", () => {
      const place = details.querySelector("div");
      if (!details.open || place.childElementCount) return;
      for (const [name, rows] of sets(data.charts[details.dataset.table], "")) place.append(table(name, rows));
    });
  }

  // A link leads into what is folded, too.
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
    if (target) target.scrollIntoView();
  };
  window.addEventListener("hashchange", reveal);
  reveal();

  const all = () => Promise.all(places.map(draw));
  const print = document.getElementById("print");
  if (print) {
    print.hidden = false;
    print.addEventListener("click", async () => {
      for (const details of document.querySelectorAll("details.page")) details.open = true;
      await all();
      window.print();
    });
  }
  window.synthkit = {all, failed};
})();
