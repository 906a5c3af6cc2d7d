// What Ingestion needs of libxml2 and iconv, as two calls that keep their pointers to themselves:
//
//   docent_xml_parse    UTF-8 or UTF-16 XML -> a flat tape of records, over libxml2's SAX interface (no tree: no
//                       recursion, no network, errors silenced), names without their prefixes; a document that
//                       declares entities is refused, none is ever expanded or fetched
//   docent_iconv        any charset -> UTF-8, bad sequences replaced by U+FFFD and counted
//
// Callers read the tape once, copy it, and free it. Limits stop hostile pages: see docent_xml_limits.
#pragma once
#include <errno.h>
#include <iconv.h>
#include <libxml/xmlversion.h>
// Debian's libxml2 is built with ICU, whose headers would clash with the ICU inside Foundation. Nothing here uses the
// structures that differ by it.
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DOCENT_XML_START = 0, DOCENT_XML_END = 1, DOCENT_XML_TEXT = 2, DOCENT_XML_ATTRIBUTE = 3 };
enum {
    DOCENT_XML_OK = 0,
    DOCENT_XML_TOO_DEEP = 1,
    DOCENT_XML_TOO_LARGE = 2,
    DOCENT_XML_NO_MEMORY = 3,
    DOCENT_XML_ENTITIES = 4, // the document declares entities
    DOCENT_XML_MALFORMED = 5 // not well-formed; the tape holds what came before
};
enum { DOCENT_XML_NAMES = 1024 };

// START: name. ATTRIBUTE: name and value, follows its START. TEXT: bytes. END: nothing.
typedef struct {
    int32_t kind, name, offset, length;
} docent_xml_record;

typedef struct {
    int32_t depth;           // open elements at once; more is TOO_DEEP
    int32_t records;         // records on the tape; more is TOO_LARGE
    int32_t attribute_bytes; // an attribute's value is cut here
} docent_xml_limits;

typedef struct {
    docent_xml_limits limits;
    int32_t status, depth;
    docent_xml_record *records;
    size_t record_count, record_capacity;
    char *bytes;
    size_t byte_count, byte_capacity;
    int32_t name_count; // names 1..<name_count; 0 stands for any name beyond the table
    int32_t name_offset[DOCENT_XML_NAMES], name_length[DOCENT_XML_NAMES];
    const xmlChar *slots[DOCENT_XML_NAMES * 2];
    int32_t slot_name[DOCENT_XML_NAMES * 2];
    xmlParserCtxtPtr parser;
} docent_xml_tape;

static inline void docent_xml_stop(docent_xml_tape *tape, int32_t status) {
    if (tape->status == DOCENT_XML_OK) tape->status = status;
    xmlStopParser(tape->parser);
}

static inline int32_t docent_xml_bytes(docent_xml_tape *tape, const void *bytes, size_t count) {
    if (tape->byte_count + count > INT32_MAX) {
        docent_xml_stop(tape, DOCENT_XML_TOO_LARGE);
        return -1;
    }
    if (tape->byte_count + count > tape->byte_capacity) {
        size_t capacity = (tape->byte_count + count) * 2 + 4096;
        char *grown = (char *)realloc(tape->bytes, capacity);
        if (!grown) {
            docent_xml_stop(tape, DOCENT_XML_NO_MEMORY);
            return -1;
        }
        tape->bytes = grown;
        tape->byte_capacity = capacity;
    }
    int32_t offset = (int32_t)tape->byte_count;
    if (count) memcpy(tape->bytes + tape->byte_count, bytes, count);
    tape->byte_count += count;
    return offset;
}

static inline void docent_xml_push(docent_xml_tape *tape, int32_t kind, int32_t name, int32_t offset, size_t length) {
    if (tape->record_count >= (size_t)tape->limits.records) {
        docent_xml_stop(tape, DOCENT_XML_TOO_LARGE);
        return;
    }
    if (tape->record_count == tape->record_capacity) {
        size_t capacity = tape->record_capacity * 2 + 1024;
        void *grown = realloc(tape->records, capacity * sizeof(docent_xml_record));
        if (!grown) {
            docent_xml_stop(tape, DOCENT_XML_NO_MEMORY);
            return;
        }
        tape->records = (docent_xml_record *)grown;
        tape->record_capacity = capacity;
    }
    docent_xml_record record = {kind, name, offset, (int32_t)length};
    tape->records[tape->record_count++] = record;
}

static inline void docent_xml_end_element(void *context, const xmlChar *name) {
    docent_xml_tape *tape = (docent_xml_tape *)context;
    (void)name;
    if (tape->depth > 0) tape->depth--;
    docent_xml_push(tape, DOCENT_XML_END, 0, 0, 0);
}

static inline void docent_xml_characters(void *context, const xmlChar *text, int length) {
    docent_xml_tape *tape = (docent_xml_tape *)context;
    if (length <= 0) return;
    docent_xml_record *last = tape->record_count ? &tape->records[tape->record_count - 1] : NULL;
    int32_t offset = docent_xml_bytes(tape, text, (size_t)length);
    if (offset < 0) return;
    if (last && last->kind == DOCENT_XML_TEXT && last->offset + last->length == offset) {
        last->length += length; // libxml2 hands long text over in pieces
    } else {
        docent_xml_push(tape, DOCENT_XML_TEXT, 0, offset, (size_t)length);
    }
}

/// Frees what the tape holds.
static inline void docent_xml_free(docent_xml_tape *tape) {
    free(tape->records);
    free(tape->bytes);
    free(tape);
}

static inline const char *docent_xml_local(const xmlChar *name) {
    const char *colon = strchr((const char *)name, ':');
    return colon ? colon + 1 : (const char *)name;
}

// libxml2 interns names in its dictionary, so a pointer stands for a name.
static inline int32_t docent_xml_name(docent_xml_tape *tape, const xmlChar *name) {
    size_t slot = ((uintptr_t)name * (uintptr_t)0x9E3779B97F4A7C15ull >> 40) % (DOCENT_XML_NAMES * 2);
    while (tape->slots[slot] && tape->slots[slot] != name) slot = (slot + 1) % (DOCENT_XML_NAMES * 2);
    if (tape->slots[slot]) return tape->slot_name[slot];
    if (tape->name_count >= DOCENT_XML_NAMES) return 0;
    const char *local = docent_xml_local(name);
    size_t length = strlen(local);
    if (length > 64) return 0;
    int32_t id = tape->name_count, offset = docent_xml_bytes(tape, local, length);
    if (offset < 0) return 0;
    tape->name_offset[id] = offset;
    tape->name_length[id] = (int32_t)length;
    tape->slots[slot] = name;
    tape->slot_name[slot] = id;
    tape->name_count++;
    return id;
}

static inline void docent_xml_start_element(void *context, const xmlChar *name, const xmlChar **attributes) {
    docent_xml_tape *tape = (docent_xml_tape *)context;
    if (++tape->depth > tape->limits.depth) {
        docent_xml_stop(tape, DOCENT_XML_TOO_DEEP);
        return;
    }
    docent_xml_push(tape, DOCENT_XML_START, docent_xml_name(tape, name), 0, 0);
    for (; attributes && attributes[0]; attributes += 2) {
        size_t length = attributes[1] ? strlen((const char *)attributes[1]) : 0;
        size_t cap = (size_t)tape->limits.attribute_bytes;
        int32_t id = docent_xml_name(tape, attributes[0]);
        if (id == 0) continue;
        if (length > cap) length = cap;
        int32_t offset = docent_xml_bytes(tape, attributes[1], length);
        if (offset < 0) return;
        docent_xml_push(tape, DOCENT_XML_ATTRIBUTE, id, offset, length);
    }
}

static inline void docent_xml_entity_declaration(
    void *context, const xmlChar *name, int type, const xmlChar *public_id, const xmlChar *system_id, xmlChar *content
) {
    (void)name, (void)type, (void)public_id, (void)system_id, (void)content;
    docent_xml_stop((docent_xml_tape *)context, DOCENT_XML_ENTITIES);
}

/// Parses `count` bytes of XML. NULL: out of memory. Check `status`; free with docent_xml_free.
static inline docent_xml_tape *docent_xml_parse(const void *xml, size_t count, docent_xml_limits limits) {
    docent_xml_tape *tape = (docent_xml_tape *)calloc(1, sizeof(docent_xml_tape));
    if (!tape) return NULL;
    tape->limits = limits;
    tape->name_count = 1;
    if (count > INT32_MAX) {
        tape->status = DOCENT_XML_TOO_LARGE;
        return tape;
    }
    if (count == 0) return tape;
    xmlParserCtxtPtr parser = xmlNewParserCtxt();
    if (!parser) {
        tape->status = DOCENT_XML_NO_MEMORY;
        return tape;
    }
    xmlSAXHandler handler;
    memset(&handler, 0, sizeof handler);
    handler.initialized = 1; // SAX1: names come with their prefix
    handler.startElement = docent_xml_start_element;
    handler.endElement = docent_xml_end_element;
    handler.characters = docent_xml_characters;
    handler.cdataBlock = docent_xml_characters;
    handler.ignorableWhitespace = docent_xml_characters;
    handler.entityDecl = docent_xml_entity_declaration;
    *parser->sax = handler;
    parser->userData = tape;
    tape->parser = parser;
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_COMPACT | XML_PARSE_SAX1
        | XML_PARSE_HUGE;
    xmlDocPtr document = xmlCtxtReadMemory(parser, (const char *)xml, (int)count, NULL, NULL, options);
    if (document) xmlFreeDoc(document);
    if (tape->status == DOCENT_XML_OK && !parser->wellFormed) tape->status = DOCENT_XML_MALFORMED;
    if (parser->myDoc) xmlFreeDoc(parser->myDoc);
    parser->myDoc = NULL;
    xmlFreeParserCtxt(parser);
    tape->parser = NULL;
    return tape;
}

/// Converts to UTF-8 into a buffer of the caller's to free(). 0 done, -1 unknown charset, -2 out of memory.
static inline int docent_iconv(
    const char *charset, const void *input, size_t count, char **output, size_t *output_count, size_t *replaced
) {
    iconv_t converter = iconv_open("UTF-8", charset);
    if (converter == (iconv_t)-1) return -1;
    size_t capacity = count + count / 2 + 64, left = count, room;
    char *buffer = (char *)malloc(capacity), *from = (char *)input, *to = buffer;
    *replaced = 0;
    while (buffer && left > 0) {
        room = capacity - (size_t)(to - buffer);
        if (room < 16) {
            size_t used = (size_t)(to - buffer);
            capacity = capacity * 2;
            char *grown = (char *)realloc(buffer, capacity);
            if (!grown) free(buffer);
            buffer = grown;
            if (!buffer) break;
            to = buffer + used;
            continue;
        }
        room -= 8; // kept for a replacement character
        if (iconv(converter, &from, &left, &to, &room) != (size_t)-1) break;
        if (errno == E2BIG) {
            size_t used = (size_t)(to - buffer);
            capacity = capacity * 2;
            char *grown = (char *)realloc(buffer, capacity);
            if (!grown) free(buffer);
            buffer = grown;
            if (!buffer) break;
            to = buffer + used;
            continue;
        }
        memcpy(to, "\xEF\xBF\xBD", 3);
        to += 3;
        *replaced += 1;
        if (errno == EINVAL) break; // cut off in the middle of a character
        from++;
        left--;
    }
    iconv_close(converter);
    if (!buffer) return -2;
    *output = buffer;
    *output_count = (size_t)(to - buffer);
    return 0;
}
