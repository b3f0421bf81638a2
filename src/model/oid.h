#ifndef MODEL_OID_H
#define MODEL_OID_H

/* Object ids as text: 40 hex digits and a NUL, "" where there is none. */

#define OID_HEX_LEN 40
#define OID_HEX_SIZE (OID_HEX_LEN + 1)

#endif
