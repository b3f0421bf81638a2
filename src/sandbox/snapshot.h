#ifndef SANDBOX_SNAPSHOT_H
#define SANDBOX_SNAPSHOT_H

/*
 * What setup left behind, as a folder in the store that is never written again:
 *
 *     <store>/warm/<key>/upper    the overlay's upper layer; the warm snapshot
 *     <store>/warm/<key>/work     the overlay's own
 *     <store>/warm/<key>/digest   SHA-256 of the snapshot; it is whole where this is there
 */

#include "base/error.h"

/* SHA-256 over path, kind, permissions and content of everything below `dir`. */
int snapshot_digest(const char *dir, char ret[65], struct error *err);

/* Removes a folder of the store with all in it, however deep; nothing there is no error. */
int store_remove(const char *parent, const char *name, struct error *err);

#endif
