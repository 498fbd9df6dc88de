"""The words that tell personal columns, people and identifiers, in several languages."""

from __future__ import annotations

from synthkit.inference.names import words


def _phrases(text: str) -> frozenset[str]:
    """Phrases separated by commas, each as ``names.joined`` writes it."""
    return frozenset("".join(words(phrase)) for phrase in text.split(","))


PEOPLE = _phrases(
    "customer, client, household, person, individual, user, member, patient, student, pupil, subscriber, citizen,"
    "resident, guest, donor, buyer, shopper, passenger, participant, respondent, applicant, borrower, policyholder,"
    "cardholder, account holder, card holder, consumer, contact, prospect, visitor, beneficiary, tenant, child,"
    "player, athlete, woman, man, learner, voter, traveller, traveler, inhabitant, inmate,"
    "kunde, haushalt, benutzer, nutzer, mitglied, patientin, schueler, versicherter, einwohner, abonnent, mandant,"
    "personne, utilisateur, membre, menage, foyer, abonne, adherent, etudiant, eleve, assure,"
    "cliente, persona, usuario, miembro, paciente, hogar, estudiante, alumno, socio, utente, paziente, studente,"
    "pessoa, membro, aluno, klant, persoon, gebruiker, lid, huishouden, kund, anvandare, medlem, bruger, bruker,"
    "asiakas, klient, osoba, uzytkownik, pacjent, zakaznik, müşteri, kullanıcı, hasta, öğrenci, kişi,"
    "клиент, пользователь, пациент, 客户, 用户, 顧客, 고객"
)
FIRMS = _phrases(
    "account, company, firm, business, organisation, organization, enterprise, merchant, supplier, vendor, employer,"
    "corporation, partner, konto, firma, unternehmen, lieferant, haendler, betrieb, compte, entreprise, societe,"
    "fournisseur, cuenta, empresa, proveedor, conto, azienda, societa, fornitore, conta, fornecedor, bedrijf,"
    "leverancier, rekening, foretag, virksomhed, 公司, 会社"
)
# People who act for a firm; where customers exist as well, those are the subjects.
STAFF = _phrases(
    "employee, staff, worker, agent, driver, doctor, physician, teacher, manager, seller, advisor, mitarbeiter,"
    "angestellter, arzt, lehrer, employe, salarie, medecin, empleado, trabajador, medico, dipendente, impiegato,"
    "funcionario, medewerker, werknemer, anstalld, pracownik, сотрудник, 员工, 社員"
)
PERSONAL_TRAITS = _phrases(
    "gender, sex, birth date, birthdate, date of birth, dob, birthday, birth year, year of birth, age, marital,"
    "marital status, spouse, salutation, nationality, geschlecht, geburtsdatum, geburtstag, anrede, familienstand,"
    "sexe, date de naissance, date naissance, naissance, civilite, sexo, genero, fecha de nacimiento,"
    "fecha nacimiento, edad, sesso, data di nascita, data nascita, data de nascimento, idade, geslacht, geboortedatum,"
    "kon, fodelsedatum, doğum tarihi, cinsiyet, data urodzenia, płeć, nascimento, edad, пол, дата рождения,"
    "性别, 性別, 出生日期, 生年月日"
)

ID_WORDS = _phrases(
    "id, ids, key, code, no, nr, uuid, guid, number, ref, reference, sku, nummer, kennung, schluessel, schlussel,"
    "kode, codigo, numero, clave, chave, codice, identifiant, identificador, upc, ean, gtin, isbn, asin, barcode"
)
# An integer with one of these names is a label however few there are; a number or count is not.
LABEL_WORDS = ID_WORDS - _phrases("number, numero, nummer, no, nr, ref, reference")
POSTAL_WORDS = _phrases("zip, zipcode, postcode, plz, postal")
SEQUENCE_WORDS = _phrases(
    "line, line no, seq, sequence, position, pos, index, ordinal, step, no, nr, number, version, revision, rank, item,"
    "zeile, ligne, linea, folge, nummer, numero"
)
TIME_WORDS = _phrases(
    "year, month, week, day, hour, minute, quarter, date, time, age, count, amount, jahr, monat, woche, tag, stunde,"
    "annee, mois, semaine, jour, heure, ano, mes, semana, dia, hora, anno, mese, settimana, giorno, ora"
)
# A column that names another row of its own table: with an ending such as id, or as it stands.
BOSS_WORDS = _phrases(
    "manager, parent, supervisor, boss, superior, mentor, referrer, referred by, reports to, reply to, predecessor,"
    "vorgesetzter, elternteil, responsable, superieur, jefe, padre, capo"
)
# Endings in -id that name no identifier.
NOT_IDS = frozenset(
    {"paid", "unpaid", "prepaid", "bid", "valid", "invalid", "grid", "hybrid", "covid", "void", "avoid", "mid"}
    | {"android", "fluid", "solid", "liquid", "rapid", "humid", "aid", "said", "raid", "maid", "acid", "kid", "lid"}
)

_RECIPES = {
    "name": "full name, name, complete name, display name, person name, legal name, nom,"
    "nom complet, nombre, nombre completo, nome, nome completo, nominativo, vollstaendiger name, ganzer name, naam,"
    "volledige naam, namn, navn, nimi, imie i nazwisko, cardholder, account holder, beneficiary, kontoinhaber,"
    "titulaire, titular, ansprechpartner, имя, фио, полное имя, 姓名, 氏名, 名前, 이름, 성명,"
    "ad soyad, adi soyadi, isim soyisim, isim, contact name, nazwa klienta, imię nazwisko, nome e cognome,"
    "nom et prénom, nom prénom, prénom nom, nombre y apellidos, vor und nachname, vor und zuname,"
    "för och efternamn, naam klant, jméno a příjmení, 客户姓名, 收件人, 联系人, 担当者, お名前, 受取人",
    "first_name": "first name, given name, forename, fname, middle name, christian name, vorname, rufname, prenom,"
    "primer nombre, nombre de pila, primo nome, primeiro nome, voornaam, fornamn, fornavn, etunimi, imie, jmeno,"
    "keresztnev, 名字, 名,"
    "imiona, tilltalsnamn, roepnaam, křestní jméno, jméno",
    "last_name": "last name, surname, family name, lname, maiden name, birth name, nachname, familienname,"
    "geburtsname, nom de famille, nom famille, nom de naissance, apellido, apellidos, primer apellido,"
    "segundo apellido, cognome, sobrenome, apelido, achternaam, efternamn, etternavn, efternavn, sukunimi, nazwisko,"
    "prijmeni, vezeteknev, фамилия, 姓, 姓氏,"
    "last, zuname, soyad, soyadı, soyisim, patronyme, nome de família, último sobrenome, segundo sobrenome,"
    "familienaam, släktnamn, tussenvoegsel, 苗字",
    "email": "email, e mail, mail, email address, mail address, e mail address, email adresse, e mail adresse,"
    "mailadresse, courriel, adresse courriel, adresse email, adresse mail, correo, correo electronico,"
    "indirizzo email, endereco email, e post, epost, sahkoposti, почта, электронная почта, 邮箱, 电子邮件, 이메일,"
    "メールアドレス,"
    "mejl, e postadress, epostadress, mejladress, e posta, eposta, e posta adresi, e mailadres, emailadres,"
    "adres e mail, adres email, poczta elektroniczna, adresse électronique, dirección de correo,"
    "endereço de email, posta elettronica, 电邮, 電子メール, 電郵, メール",
    "phone": "phone, phone number, phone no, telephone, telephone number, tel, tel no, mobile, mobile number,"
    "mobile phone, cell, cellphone, cell phone, cell number, landline, fax, fax number, contact number, msisdn,"
    "whatsapp, telefon, telefonnummer, telefonnr, handy, handynummer, rufnummer, mobil, mobilnummer, mobiltelefon,"
    "telefono, numero de telefono, movil, celular, telefone, telemovel, cellulare, numero de telephone, portable,"
    "telefoon, telefoonnummer, mobiel, puhelin, telefonas, телефон, номер телефона, 电话, 電話, 電話番号, 手机,"
    "手机号, 전화번호,"
    "mob, telefonnummer privat, telefon numarası, telefon no, cep telefonu, cep no, gsm, ev telefonu,"
    "telefoon nummer, mobiele telefoon, gsm nummer, mobiltelefonnummer, numer telefonu, telefon komórkowy,"
    "nr telefonu, numero di telefono, número de celular, número de telefone, numéro de mobile,"
    "téléphone portable, téléphone fixe, teléfono móvil, telefonnr, sími, 携帯, 携帯番号, 電話番号, 手机号码, 电话号码,"
    "联系电话, 联系方式, 手機",
    "address": "address, addr, full address, postal address, mailing address, home address, billing address,"
    "shipping address, delivery address, address line, addressline, adresse, anschrift, postanschrift, wohnadresse,"
    "direccion, domicilio, endereco, morada, indirizzo, adres, adress, osoite, adresa, адрес, 住所, 地址, 주소,"
    "adres zamieszkania, adres do korespondencji, adres zameldowania, ev adresi, posta adresi,"
    "teslimat adresi, fatura adresi, woonadres, postadres, bostadsadress, postadress, folkbokföringsadress,"
    "direccion postal, dirección de envío, adresse postale, adresse de livraison, adresse de facturation,"
    "indirizzo di residenza, endereço residencial, 送货地址",
    "street": "street, street address, street name, strasse, strassenname, rue, calle, via, rua, logradouro, straat,"
    "straatnaam, gata, gatuadress, gade, katu, ulica, улица, 街道,"
    "wohnstraße, via e numero, sokak, cadde, gatunamn, straat en huisnummer, ulica i numer,"
    "nome da rua, 番地, 丁目",
    "postcode": "postcode, post code, postal code, zip, zip code, zipcode, plz, postleitzahl, code postal, cp,"
    "codigo postal, cep, cap, codice postale, postnummer, postinumero, kod pocztowy, psc, pincode, pin code, eircode,"
    "индекс, 邮编, 郵便番号, 우편번호,"
    "postalcode, posta kodu, código postal, codigo de endereçamento postal, postadresnummer, cód postal,"
    "邮政编码, 郵便, 邮政",
    "iban": "iban, iban number, iban no, iban code",
    "card_number": "card number, card no, card num, credit card, credit card number, creditcard, creditcardnumber,"
    "debit card, debit card number, cc number, ccnum, cc num, pan, kartennummer, kreditkarte, kreditkartennummer,"
    "numero de carte, numero carte, carte bancaire, numero de tarjeta, tarjeta, numero tarjeta, numero carta,"
    "numero do cartao, cartao, kaartnummer, 卡号, カード番号,"
    "kart numarası, kredi kartı, kredi kartı no, numer karty, kortnummer, kreditkort, kreditkortsnummer,"
    "creditcardnummer, nr karty, número do cartão de crédito, número de tarjeta de crédito,"
    "numéro de carte bancaire, carta di credito, 信用卡, 信用卡号, 银行卡号, クレジットカード",
    "national_id": "national id, nationalid, national number, national insurance number, nin, nino, ssn,"
    "social security, social security number, social security no, sin, passport, passport no, passport number,"
    "passport id, tax id, taxid, tax number, tax no, tin, vat id, identity card, identity number, id card,"
    "id card number, driver license, drivers license, driving licence, licence number, license number,"
    "health insurance number, insurance number, insurance no, steuer id, steuernummer, steueridentifikationsnummer,"
    "sozialversicherungsnummer, ausweis, ausweisnummer, personalausweis, reisepass, reisepassnummer,"
    "numero de securite sociale, numero securite sociale, securite sociale, nir, numero passeport, passeport, cni,"
    "dni, nie, nif, cif, pasaporte, numero de pasaporte, cedula, curp, rfc, rut, cpf, rg, passaporto, codice fiscale,"
    "codicefiscale, bsn, burgerservicenummer, paspoort, personnummer, cpr, fodselsnummer, hetu, henkilotunnus, pesel,"
    "rodne cislo, aadhaar, aadhar, паспорт, инн, снилс, 身份证, 身份证号, マイナンバー, 주민등록번호,"
    "vat, vat number, vat no, vat registration number, tax identification number, taxpayer id,"
    "taxpayer identification number, ein, itin, tfn, nhs number, nhs no, medicare number, driver licence,"
    "driving license, drivers licence, driving licence number, drivers license number, driver license number,"
    "dl, umsatzsteuer id, ust id, ustid, ust steuer identifikationsnummer, idnr, führerschein,"
    "führerscheinnummer, krankenversichertennummer, sozialversicherungsnr, rentenversicherungsnummer,"
    "identifikationsnummer, permis de conduire, numéro de permis, numéro de sécu, numéro fiscal,"
    "numéro de tva, carte d identité, permiso de conducir, carnet de conducir, número de identificación,"
    "documento de identidad, seguridad social, número de la seguridad social, partita iva, patente,"
    "carta d identità, documento, tessera sanitaria, contribuinte, número de contribuinte, cartão de cidadão,"
    "bilhete de identidade, cnpj, cnh, rijbewijs, rijbewijsnummer, btw nummer, sofinummer,"
    "rijksregisternummer, samordningsnummer, körkort, körkortsnummer, passnummer, pass nr,"
    "organisationsnummer, momsnummer, nip, regon, dowód osobisty, numer dowodu, numer paszportu, paszport,"
    "prawo jazdy, tc kimlik, kimlik, kimlik numarası, tckn, vergi numarası, vergi no, vkn, pasaport, ehliyet,"
    "ehliyet no, číslo pasu, číslo občanského průkazu, svnr, ahv nummer, 身份证号码, 护照号, 护照号码, 驾驶证号, 税号,"
    "社保号, パスポート番号, 旅券番号, 運転免許証番号, 免許証番号, 個人番号",
    "ip_address": "ip, ip address, ip addr, ipaddr, ipv4, ipv6, ipv4 address, ipv6 address, client ip, remote addr,"
    "adresse ip, direccion ip, indirizzo ip, ip adresse",
    "url": "url, uri, website, web site, homepage, home page, link, web address, webseite, site web, sitio web,"
    "pagina web, sito web, profile url, linkedin",
    "uuid": "uuid, guid",
    "username": "username, user name, login, login name, user login, handle, nickname, nick, screen name, benutzername,"
    "nutzername, nom utilisateur, nom d utilisateur, identifiant utilisateur, nombre de usuario, nombre usuario,"
    "nome utente, nome de usuario, gebruikersnaam, anvandarnamn, brukernavn, brugernavn, логин, 用户名, ユーザー名,"
    "user handle, twitter handle, instagram, screenname, account name, login id, kullanıcı adı, kullanıcı,"
    "användare, nazwa użytkownika, usuario, utilizador, pseudonym, spitzname, benutzerkennung,"
    "昵称, 用户名称, 登录名, ログイン名, ニックネーム",
    "company": "company, company name, employer, employer name, firm, firm name, business name, organisation,"
    "organization, organisation name, organization name, merchant name, supplier name, vendor name, firma, firmenname,"
    "unternehmen, arbeitgeber, entreprise, raison sociale, employeur, societe, empresa, razon social, empleador,"
    "azienda, ragione sociale, societa, bedrijf, bedrijfsnaam, werkgever, foretag, virksomhed, компания, 公司, 会社,"
    "şirket, şirket adı, işveren, bolag, företagsnamn, arbetsgivare, nazwa firmy, pracodawca, nome da empresa,"
    "empregador, nombre de la empresa, nom de l entreprise, nom de la société, datore di lavoro, nome azienda,"
    "会社名, 公司名称, 勤務先, 雇主",
}
NAME_WORDS = _phrases("name, nom, nombre, nome, naam, namn, navn, nimi")  # of anything, not only of people
RECIPES = tuple(_RECIPES)
# Of a person's or a household's one device, vehicle or home; a fresh one in the same form is all that is needed.
BELONGINGS = _phrases(
    "mac, mac address, wallet address, wifi mac, bssid, imei, imsi, iccid, meid, vin, vehicle identification number,"
    "chassis number, license plate, licence plate, number plate, plate number, plate no, registration plate,"
    "vehicle registration, kennzeichen, autokennzeichen, nummernschild, fahrgestellnummer, plaque d immatriculation,"
    "immatriculation, matrícula, placa, targa, kenteken, registreringsnummer, nummerplade, numer rejestracyjny,"
    "tablica rejestracyjna, plaka, plaka no, rekisterinumero, 车牌, 车牌号, ナンバープレート, advertising id, idfa,"
    "gaid, android id, device serial, serial number, seriennummer, coordinates, geo coordinates, lat lon, lat long,"
    "geolocation, gps, koordinaten, coordonnees, coordenadas, coordinate"
)
# Free text, where the values are sentences as well.
TEXT_WORDS = _phrases(
    "note, notes, comment, comments, remark, remarks, description, desc, text, body, message, msg, feedback, review,"
    "memo, narrative, summary, abstract, reason, complaint, bio, biography, history, content, subject, transcript,"
    "notiz, notizen, bemerkung, bemerkungen, kommentar, anmerkung, beschreibung, freitext, nachricht, begründung,"
    "commentaire, commentaires, remarque, remarques, avis, message, motif, observaciones, comentario, comentarios,"
    "nota, notas, mensaje, descripción, osservazioni, commento, commenti, messaggio, descrizione, opmerking,"
    "opmerkingen, notitie, toelichting, beschrijving, observações, mensagem, descrição, uwagi, komentarz, opis,"
    "notatka, anteckning, anmärkning, beskrivning, meddelande, açıklama, yorum, not, mesaj, notlar, комментарий,"
    "примечание, описание, 备注, 備考, 评论, コメント, 説明, 描述, メモ"
)
# How words of a name are cut short.
_SHORT = (
    "nm name, cust customer, cstmr customer, clnt client, emp employee, pat patient, usr user, addr address,"
    "adr address, ph phone, nbr number, num number, acct account, hldr holder, fst first, lst last,"
    "lic license, cd code, strt street, pstl postal, natl national, drv driver"
)
SHORT = dict(pair.split() for pair in _SHORT.split(","))
_BEARERS = PEOPLE | STAFF | _phrases("owner, holder, sender, recipient, payer, payee, spouse, mother, father, guardian")
PHRASES = {bearer + "name": "name" for bearer in sorted(_BEARERS)}  # customer_name
PHRASES |= {phrase: recipe for recipe in RECIPES for phrase in sorted(_phrases(_RECIPES[recipe]))}
NOT_PERSONAL = _phrases(
    "contract address, memory address, 商品名, 品名, 国名, 県名, 地名, 都市名, 校名, 部署名, 産品名, 书名"
)
# Words after the one that says what a column is: phone_home, address_line_2.
NUMBER_WORDS = _phrases("no, nr, num, number, nummer, numero, numer, numarasi, id")  # passport_no, email_id
TAIL_WORDS = _phrases("home, work, private, business, primary, secondary, main, other, text, value, raw, str")
