/// The words of ``AsideLine``: those of every publisher, in the languages that its lists hold.
///
/// A phrase is whole words in lower case; one with `$` is the whole line.
enum AsidePhrases {
    /// Lines about pictures, advertisements, the reader and the text itself.
    static let lines = PhraseTable([
        // pictures
        "photo:", "photo by", "photo credit", "photo credits", "photo source", "photograph:", "photos:", "photos by",
        "all photos", "file photo", "image:", "image by", "image credit", "image source", "images:", "images by",
        "all images", "picture:", "picture by", "illustration:", "credit:", "credits:", "click to enlarge", "foto:",
        "foto ©", "foto von", "fotos:", "fotos ©", "alle fotos", "bild:", "bilder:", "alle bilder", "bildquelle",
        "bildquellen", "bildnachweis", "bildcredit", "fotocredit", "titelbild:", "symbolbild", "symbolfoto",
        "archivbild", "archivfoto", "grafik:", "zum vergrößern", "crédit photo", "crédit photos", "crédits photo",
        "crédits photos", "crédit :", "crédits :", "image d'illustration", "photo d'illustration",
        "image illustrative", "foto de", "imagen:", "imágenes:", "imagen ilustrativa", "foto di", "immagine:", "fot.",
        "zdjęcie:", "©", "(c)",
        // advertisements
        "advertisement", "advertising$", "sponsored", "anzeige", "anzeigen$", "werbung", "publicité", "publicidad",
        "pubblicità", "article continues below", "story continues below", "scroll to continue",
        // other pages
        "read more", "see also:", "continue reading", "keep reading", "click here", "back to top", "back to",
        "weiterlesen", "siehe auch:", "zurück zu", "zurück zum", "zurück zur", "zurück$", "nach oben", "mehr dazu",
        "mehr lesen", "passend dazu", "zum thema", "en savoir plus", "leer más", "lee más", "läs mer",
        // readers
        "share$", "share:", "print$", "tweet$", "follow$", "subscribe$", "subscribe now", "subscribe to our",
        "sign up$", "sign up here", "sign up now", "sign up for our", "sign up to our", "join our", "like us",
        "get the latest news", "teilen$", "teilen:", "teilen mit", "teilen auf", "abonnieren$", "jetzt abonnieren",
        "abonnieren sie", "partager$", "partager sur", "abonnez-vous", "inscrivez-vous", "comparte", "compartir$",
        "compartir en", "suscríbete", "únete", "iscriviti", "seguici", "zapisz się", "gefällt mir", "like this",
        "like loading", "loading$", "wird geladen",
        // about the text
        "posted by", "posted on", "posted in", "published$", "published:", "published on", "published by",
        "published in", "published at", "first published", "originally published", "this article was first",
        "this article was originally", "this article originally", "publication date", "release date", "last updated",
        "updated:", "updated on", "filed under", "tagged", "tags:", "tags$", "categories:", "category:", "written by",
        "source:", "sources:", "copyright ©", "copyright 19", "copyright 20", "all rights reserved", "von:", "text von",
        "dieser artikel erschien", "dieser beitrag erschien", "veröffentlicht", "veröffentlichung", "stand:",
        "aktualisiert", "autor:", "autorin:", "autoren$", "quelle:", "quellen:", "schlagwörter", "schlagworte",
        "kategorie:", "kategorien:", "alle rechte vorbehalten", "publié le", "mis à jour", "tous droits réservés",
        "publicado", "actualizado", "fuente:", "fuentes:", "fonte:", "źródło:", "reading time", "lesezeit",
        "lesedauer", "temps de lecture", "min read", "minutes read",
    ])

    /// Paragraphs that say where more is.
    static let pointers = PhraseTable([
        "more information", "more info", "further information", "weitere informationen", "weitere infos",
        "mehr informationen", "mehr infos", "plus d'informations", "más información", "maggiori informazioni",
        "więcej informacji", "meer informatie",
    ])

    /// What addresses begin with.
    static let addresses = PhraseTable(["http://", "https://", "www."])

    /// What stands above parts of the page about other pages, their readers and writers.
    static let sections = PhraseTable([
        "related:", "related articles", "related posts", "related content", "related stories", "related news",
        "related reading", "related links", "related topics", "related videos", "recommended$", "recommended for",
        "recommended articles", "recommended posts", "recommended stories", "recommended reading", "you may also",
        "you might also", "more:", "more from", "more on this", "more stories", "more articles", "more news",
        "more posts", "read also", "also read", "read next", "up next$", "what to read next", "trending$",
        "trending now", "top stories", "most read", "most popular", "popular posts", "popular articles",
        "latest posts", "latest articles", "latest stories", "latest news", "recent posts", "recent articles",
        "view comments", "leave a comment", "leave a reply", "post a comment", "no comments", "join the conversation",
        "share this", "share on", "follow us", "newsletter$", "about the author",
        "lesen sie", "lies auch", "lest auch", "mehr zum thema", "mehr zu ", "mehr aus", "mehr von", "mehr artikel",
        "auch interessant", "auch lesenswert", "das könnte", "ähnliche beiträge", "ähnliche artikel",
        "ähnliche themen", "weitere artikel", "weitere beiträge", "weitere themen", "weitere meldungen",
        "weitere nachrichten", "weitere news", "weitere aktuelle", "weitere interessante", "weitere links",
        "weitere texte", "weitere geschichten", "weitere videos", "weitere tipps", "weitere rezepte",
        "weiterführende links", "weiterführende artikel", "passend zum thema",
        "entdecke weitere", "entdecken sie weitere", "neueste beiträge", "neueste artikel", "letzte beiträge",
        "aktuelle beiträge", "aktuelle artikel", "aktuelle meldungen", "aktuelle nachrichten", "beliebte beiträge",
        "beliebte artikel", "meistgelesen", "kommentare$", "kommentar schreiben", "schreibe einen kommentar",
        "diesen artikel teilen", "artikel teilen", "folgen sie uns", "folge uns", "über den autor", "über die autorin",
        "pressekontakt", "medienkontakt", "kontakt für medien", "ansprechpartner für medien", "press contact",
        "press contacts", "media contact", "media contacts", "contact presse", "contacts presse", "contacto de prensa",
        "à lire", "lire aussi", "lisez aussi", "voir aussi", "articles similaires", "articles liés", "sur le même",
        "dans la même rubrique", "vous aimerez aussi", "les plus lus", "laisser un commentaire", "suivez-nous",
        "à propos de l'auteur",
        "lee también", "lea también", "te puede interesar", "le puede interesar", "también te puede",
        "noticias relacionadas", "artículos relacionados", "contenido relacionado", "más noticias", "lo más leído",
        "lo más visto", "deja un comentario", "deja una respuesta", "síguenos", "sobre el autor",
        "leia também", "veja também", "notícias relacionadas", "artigos relacionados", "deixe um comentário",
        "leggi anche", "potrebbe interessarti", "ti potrebbe interessare", "articoli correlati", "articoli simili",
        "lascia un commento",
        "czytaj więcej", "czytaj też", "czytaj także", "przeczytaj także", "zobacz też", "zobacz także",
        "zobacz również", "powiązane artykuły", "podobne artykuły", "dodaj komentarz",
        "lees ook", "lees meer", "gerelateerde artikelen", "läs också", "læs også", "les også",
    ])

    /// Sellers of pictures, as they are named below one.
    static let agencies = PhraseTable([
        "shutterstock", "getty images", "gettyimages", "istock", "istockphoto", "picture alliance", "picturedesk",
        "adobe stock", "adobestock", "stock.adobe", "fotolia", "depositphotos", "pixabay", "unsplash", "pexels",
        "pixelio", "imago images", "imago", "dreamstime", "alamy", "flickr",
    ])

    /// Who pays for a link.
    static let commissions = PhraseTable([
        "affiliate", "affiliatelink", "affiliatelinks", "partnerlink", "partnerlinks", "eine provision",
        "provision vom", "a commission", "a small commission", "une commission", "una comisión", "una commissione",
    ])

    /// Links, in the words of those who are paid for them.
    static let links = PhraseTable([
        "link", "links", "affiliatelink", "affiliatelinks", "partnerlink", "partnerlinks", "lien", "liens", "enlace",
        "enlaces",
    ])

    /// Before the name of who made a picture.
    static let credits = PhraseTable([
        "foto:", "fotos:", "foto ©", "foto von", "foto de", "foto di", "fotocredit", "photo:", "photos:", "photo by",
        "photos by", "photo credit", "photograph:", "file photo", "bild:", "bilder:", "bild ©", "bildquelle",
        "symbolbild", "symbolfoto", "archivbild", "archivfoto", "image:", "image credit", "picture:", "illustration:",
        "grafik:", "credit:", "credits:", "crédit", "crédits", "créditos:", "quelle:", "source:", "fuente:", "imagen:",
        "fot.", "zdjęcie:", "ap photo/", "afp/", "reuters/", "copyright ©",
    ])
}
