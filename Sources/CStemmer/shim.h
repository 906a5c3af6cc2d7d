// Snowball's stemmers as Debian's libstemmer packages them.
#pragma once
#include <libstemmer.h>
