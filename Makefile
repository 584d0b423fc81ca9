# Builds the extension with PGXS. The core alone, its unit tests and benchmarks: CMakeLists.txt.
EXTENSION = icp
EXTVERSION = 0.1
MODULE_big = icp

CORE_SOURCES = $(sort $(wildcard src/core/*.cpp))
BRIDGE_SOURCES = $(sort $(wildcard src/pg/*.cpp))
OBJS = $(CORE_SOURCES:.cpp=.o) $(BRIDGE_SOURCES:.cpp=.o)

# Install order: a file uses only what stands in a file before it.
SQL_PARTS = $(addprefix sql/,$(addsuffix .sql,$(shell sed -e 's/\#.*//' sql/order)))

DATA_built = icp--$(EXTVERSION).sql
EXTRA_CLEAN = icp--$(EXTVERSION).sql

REGRESS = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --load-extension=icp
ISOLATION = $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=icp

WARNINGS = -Wall -Wextra -Werror -Wno-register
PG_CPPFLAGS = -Iinclude -Isrc -DFMT_HEADER_ONLY -DICP_VERSION='"$(EXTVERSION)"' -isystem /usr/include/eigen3
PG_CXXFLAGS = -std=c++20 $(WARNINGS) -fvisibility=hidden -ffp-contract=off -fno-strict-aliasing -fwrapv
SHLIB_LINK = -lstdc++ -lutf8proc

# Bitcode is built only on request (make with_llvm=yes). PostgreSQL's JIT would inline from it; nothing here is small enough
# to gain, and its inliner takes every symbol for a function: an alias, as clang makes for C++ constructors, ends the server.
ifneq ($(origin with_llvm),command line)
override with_llvm = no
endif

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

ifeq ($(PORTNAME),linux)
SHLIB_LINK += -Wl,--version-script=src/pg/exports.map
endif

# PGXS leaves its C warnings in CXXFLAGS and PG_CXXFLAGS out of the bitcode rule.
COMPILE.cxx.bc += $(PG_CXXFLAGS) -Wno-unused-command-line-argument -Xclang -mno-constructor-aliases

# The core must not know PostgreSQL, and the bridge must not compute.
.PHONY: boundary
boundary:
	@if grep -rnE '^ *# *include *[<"](postgres|fmgr|c\.h|utils/|catalog/|access/|executor/|nodes/|libpq|funcapi|windowapi)' src/core include/icp; then \
	  echo 'error: the core includes PostgreSQL' >&2; exit 1; fi
	@if grep -rnE '^ *# *include *[<"](Eigen|eigen3|unsupported/Eigen)' src/pg; then echo 'error: the bridge includes Eigen' >&2; exit 1; fi

all: boundary
$(OBJS): | boundary

# What the unit tests of CMakeLists.txt (preset objects) share with the extension.
.PHONY: core-objects
core-objects: $(CORE_SOURCES:.cpp=.o)

icp--$(EXTVERSION).sql: sql/order $(SQL_PARTS)
	cat $(SQL_PARTS) > $@

# Headers are dependencies too (PGXS tracks them only where PostgreSQL was configured so).
$(OBJS): CXXFLAGS += -MMD -MP
-include $(OBJS:.o=.d)
EXTRA_CLEAN += $(OBJS:.o=.d)
