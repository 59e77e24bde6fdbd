// What the report looks like: everything that is in the page itself, so that it works anywhere and for ever.
#pragma once

namespace octet::html {

extern const char* const kStyle;   // CSS
extern const char* const kScript;  // sorts tables by a click on a header; the page is complete without it

}  // namespace octet::html
