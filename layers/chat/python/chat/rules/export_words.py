"""The words of an export's index, in each language that the chat speaks."""

from collections.abc import Mapping
from typing import Literal

Language = Literal["en", "es", "fr"]

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "name": "English",
        "title": "Your data in the chat",
        "person": "Person",
        "request": "Request",
        "begun": "Begun",
        "about": "Each file that ends with .jsonl has one record a line, as schema.json describes it; your messages are there as pages"
        " for reading, too. manifest.json lists the files with their hashes, and its signature shows who made it.",
        "notIncluded": "What is not in it",
        "absent": "messages from older tables that were taken over without a proof of their sending"
        "|earlier versions of edited and removed messages"
        "|what other people wrote, their names and their files: these are in it as ids and counts"
        "|log lines and audit events, in which people stand under pseudonyms until these expire"
        "|what you did in rooms beside writing (pins, invitations, changes of rooms and of others’ messages): it is stored with the room"
        "|what came of an earlier erasure, which is stored under a pseudonym"
        "|files that were uploaded to a room and never sent: they are deleted after a day",
        "files": "Files",
        "file": "File",
        "kind": "What it holds",
        "lines": "Lines",
        "bytes": "Bytes",
        "previous": "Previous page",
        "next": "Next page",
        "kind.profile": "profile",
        "kind.settings": "settings",
        "kind.presence": "when you were there",
        "kind.rates": "how often you may do what",
        "kind.uploadRates": "how often you may upload",
        "kind.requests": "requests about your data",
        "kind.requestRates": "how often you may make such requests",
        "kind.erasure": "an earlier erasure of your data",
        "kind.blocks": "people you blocked",
        "kind.drafts": "drafts",
        "kind.memberships": "rooms you are or were in",
        "kind.receipts": "how far you have read",
        "kind.notificationsSet": "what you want to be notified of",
        "kind.notifications": "what you were notified of last",
        "kind.mentions": "where you are mentioned",
        "kind.reactions": "your reactions",
        "kind.pictures": "pictures of you",
        "kind.names": "names that you are found by",
        "kind.messages": "your messages",
        "kind.page": "your messages, for reading",
        "kind.attachment": "a file that you sent",
        "kind.picture": "your picture",
        "kind.schema": "what the lines hold",
    },
    "es": {
        "name": "Español",
        "title": "Tus datos en el chat",
        "person": "Persona",
        "request": "Solicitud",
        "begun": "Comienzo",
        "about": "Cada archivo que termina en .jsonl tiene un registro por línea, como lo describe schema.json; tus mensajes están"
        " también como páginas para leer. manifest.json enumera los archivos con sus hashes, y su firma muestra quién lo hizo.",
        "notIncluded": "Lo que no contiene",
        "absent": "mensajes de tablas antiguas que se adoptaron sin prueba de su envío"
        "|versiones anteriores de mensajes editados o eliminados"
        "|lo que escribieron otras personas, sus nombres y sus archivos: figuran como identificadores y cantidades"
        "|líneas de registro y de auditoría, en las que las personas figuran con seudónimos hasta que caducan"
        "|lo que hiciste en las salas aparte de escribir (mensajes fijados, invitaciones, cambios de salas y de mensajes ajenos): se guarda con la sala"
        "|lo que resultó de un borrado anterior, que se guarda con un seudónimo"
        "|archivos que se subieron a una sala y nunca se enviaron: se borran al cabo de un día",
        "files": "Archivos",
        "file": "Archivo",
        "kind": "Qué contiene",
        "lines": "Líneas",
        "bytes": "Bytes",
        "previous": "Página anterior",
        "next": "Página siguiente",
        "kind.profile": "perfil",
        "kind.settings": "ajustes",
        "kind.presence": "cuándo estuviste",
        "kind.rates": "con qué frecuencia puedes hacer qué",
        "kind.uploadRates": "con qué frecuencia puedes subir archivos",
        "kind.requests": "solicitudes sobre tus datos",
        "kind.requestRates": "con qué frecuencia puedes hacer tales solicitudes",
        "kind.erasure": "un borrado anterior de tus datos",
        "kind.blocks": "personas que bloqueaste",
        "kind.drafts": "borradores",
        "kind.memberships": "salas en las que estás o estuviste",
        "kind.receipts": "hasta dónde has leído",
        "kind.notificationsSet": "de qué quieres recibir avisos",
        "kind.notifications": "de qué se te avisó por última vez",
        "kind.mentions": "dónde se te menciona",
        "kind.reactions": "tus reacciones",
        "kind.pictures": "imágenes tuyas",
        "kind.names": "nombres por los que se te encuentra",
        "kind.messages": "tus mensajes",
        "kind.page": "tus mensajes, para leer",
        "kind.attachment": "un archivo que enviaste",
        "kind.picture": "tu imagen",
        "kind.schema": "qué contienen las líneas",
    },
    "fr": {
        "name": "Français",
        "title": "Vos données dans le chat",
        "person": "Personne",
        "request": "Demande",
        "begun": "Début",
        "about": "Chaque fichier en .jsonl contient un enregistrement par ligne, comme schema.json le décrit ; vos messages y sont"
        " aussi sous forme de pages à lire. manifest.json énumère les fichiers avec leurs empreintes, et sa signature montre qui l’a établi.",
        "notIncluded": "Ce qui n’y est pas",
        "absent": "les messages d’anciennes tables, repris sans preuve de leur envoi"
        "|les versions antérieures de messages modifiés ou supprimés"
        "|ce que d’autres ont écrit, leurs noms et leurs fichiers : ils y sont sous forme d’identifiants et de nombres"
        "|les lignes de journal et d’audit, où les personnes figurent sous pseudonyme jusqu’à leur expiration"
        "|ce que vous avez fait dans les salons hors écriture (épingles, invitations, modifications de salons et de messages d’autrui) : c’est conservé avec le salon"
        "|le résultat d’un effacement antérieur, conservé sous pseudonyme"
        "|les fichiers déposés dans un salon et jamais envoyés : ils sont supprimés après un jour",
        "files": "Fichiers",
        "file": "Fichier",
        "kind": "Ce qu’il contient",
        "lines": "Lignes",
        "bytes": "Octets",
        "previous": "Page précédente",
        "next": "Page suivante",
        "kind.profile": "profil",
        "kind.settings": "réglages",
        "kind.presence": "quand vous étiez là",
        "kind.rates": "à quelle fréquence vous pouvez faire quoi",
        "kind.uploadRates": "à quelle fréquence vous pouvez envoyer des fichiers",
        "kind.requests": "demandes sur vos données",
        "kind.requestRates": "à quelle fréquence vous pouvez faire de telles demandes",
        "kind.erasure": "un effacement antérieur de vos données",
        "kind.blocks": "personnes que vous avez bloquées",
        "kind.drafts": "brouillons",
        "kind.memberships": "salons où vous êtes ou étiez",
        "kind.receipts": "jusqu’où vous avez lu",
        "kind.notificationsSet": "ce dont vous voulez être averti",
        "kind.notifications": "ce dont vous avez été averti en dernier",
        "kind.mentions": "où vous êtes mentionné",
        "kind.reactions": "vos réactions",
        "kind.pictures": "images de vous",
        "kind.names": "noms par lesquels on vous trouve",
        "kind.messages": "vos messages",
        "kind.page": "vos messages, à lire",
        "kind.attachment": "un fichier que vous avez envoyé",
        "kind.picture": "votre image",
        "kind.schema": "ce que contiennent les lignes",
    },
}
