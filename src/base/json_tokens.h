#ifndef BASE_JSON_TOKENS_H
#define BASE_JSON_TOKENS_H

/*
 * What cJSON takes without a word: control characters, bad UTF-8, bad escapes and numbers like 01.
 * This looks at the tokens alone; how they fit together is left to cJSON. Gives the first byte
 * that no token can have, or NULL.
 */
const char *json_bad_token(const char *text, const char *end);

#endif
