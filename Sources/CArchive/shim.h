// What Ingestion needs of libarchive: the entries of a zip, tar or 7-Zip file, one after the other, in memory.
//
// Only formats and filters that libarchive reads by itself are switched on: none that starts another program. Nothing is
// ever written to disk, so names of entries can't reach a file; links are reported as what they are.
#pragma once
#include <archive.h>
#include <archive_entry.h>
#include <stdint.h>

enum { DOCENT_ENTRY_FILE = 0, DOCENT_ENTRY_FOLDER = 1, DOCENT_ENTRY_LINK = 2, DOCENT_ENTRY_OTHER = 3 };

// `path` lives until the next entry is read; `size` is -1 where the archive doesn't say.
typedef struct {
    const char *path;
    int64_t size;
    int32_t kind;
    int32_t is_encrypted;
} docent_archive_entry;

static inline struct archive *docent_archive_new(void) {
    struct archive *reader = archive_read_new();
    if (!reader) return NULL;
    archive_read_support_filter_gzip(reader);
    archive_read_support_filter_bzip2(reader);
    archive_read_support_filter_xz(reader);
    archive_read_support_filter_lzma(reader);
    archive_read_support_filter_zstd(reader);
    archive_read_support_format_zip(reader);
    archive_read_support_format_tar(reader);
    archive_read_support_format_gnutar(reader);
    archive_read_support_format_7zip(reader);
    return reader;
}

/// Reads compressed bytes that are no archive as its one entry.
static inline void docent_archive_accept_raw(struct archive *reader) { archive_read_support_format_raw(reader); }

/// 0: open. The bytes must outlive the reader.
static inline int docent_archive_open_bytes(struct archive *reader, const void *bytes, size_t count) {
    return archive_read_open_memory(reader, bytes, count) == ARCHIVE_OK ? 0 : -1;
}

/// 0: open.
static inline int docent_archive_open_file(struct archive *reader, const char *path) {
    return archive_read_open_filename(reader, path, 1 << 16) == ARCHIVE_OK ? 0 : -1;
}

/// 1: an entry, 0: the end, -1: damaged from here on.
static inline int docent_archive_next(struct archive *reader, docent_archive_entry *found) {
    struct archive_entry *entry = NULL;
    int status = archive_read_next_header(reader, &entry);
    if (status == ARCHIVE_EOF) return 0;
    if (status < ARCHIVE_WARN || !entry) return -1;
    const char *path = archive_entry_pathname_utf8(entry);
    found->path = path ? path : archive_entry_pathname(entry);
    found->size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
    found->is_encrypted = archive_entry_is_encrypted(entry) != 0;
    if (archive_entry_hardlink(entry)) {
        found->kind = DOCENT_ENTRY_LINK;
        return 1;
    }
    switch (archive_entry_filetype(entry)) {
    case AE_IFREG: found->kind = DOCENT_ENTRY_FILE; break;
    case AE_IFDIR: found->kind = DOCENT_ENTRY_FOLDER; break;
    case AE_IFLNK: found->kind = DOCENT_ENTRY_LINK; break;
    default: found->kind = DOCENT_ENTRY_OTHER;
    }
    return 1;
}

/// The bytes read, 0 at the entry's end, negative for damage.
static inline int64_t docent_archive_read(struct archive *reader, void *buffer, size_t count) {
    return (int64_t)archive_read_data(reader, buffer, count);
}

/// What went wrong, in libarchive's words; lives until the next call.
static inline const char *docent_archive_message(struct archive *reader) {
    const char *message = archive_error_string(reader);
    return message ? message : "unknown reason";
}

static inline void docent_archive_free(struct archive *reader) { archive_read_free(reader); }
