// The parts of libxml2 that Ingestion uses: the push HTML parser, the tree, and the error interface.
#pragma once
#include <libxml/HTMLparser.h>
#include <libxml/HTMLtree.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <libxml/xmlerror.h>
