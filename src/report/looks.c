#include "report/looks.h"

/* Made of the files of that name when the program is built. */
const char looks_picture_css[] =
#include "report/looks.css.inc"
#include "report/picture.css.inc"
	;

const char looks_page_css[] =
#include "report/looks.css.inc"
#include "report/picture.css.inc"
#include "report/page.css.inc"
	;

const char looks_page_js[] =
#include "report/page.js.inc"
	;
