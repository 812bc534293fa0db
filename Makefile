# patternos: built with PGXS. PG_CONFIG selects the server version.
EXTENSION  = patternos
EXTVERSION = $(shell sed -n "s/^default_version = '\(.*\)'/\1/p" patternos.control)

MODULE_big = patternos
OBJS       = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))

# The install script is its numbered fragments in order.
FRAGMENTS  = $(sort $(wildcard sql/[0-9]*.sql))
DATA_built = patternos--$(EXTVERSION).sql

REGRESS      = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --load-extension=pgcrypto --load-extension=patternos

# Scores must have the same bits on every build: no fused multiply-add.
PG_CPPFLAGS = -Isrc -DPATTERNOS_VERSION='"$(EXTVERSION)"'
PG_CFLAGS   = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
              -Wno-missing-field-initializers -ffp-contract=off
ifdef WERROR
PG_CFLAGS  += -Werror
endif

# The loops over lanes of trees are worth unrolling.
src/core/tree.o src/core/gbt_split.o: CFLAGS += -O3

EXTRA_CLEAN = patternos--*.sql results output_iso

# Bitcode for inlining needs a second compiler and gains these functions nothing.
override with_llvm := no

# The server loads every library into one name space: calls inside this one stay inside.
comma := ,
SHLIB_LINK = $(if $(filter linux,$(PORTNAME)),-Wl$(comma)-Bsymbolic)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(OBJS): $(wildcard src/*.h src/*/*.h)

patternos--$(EXTVERSION).sql: $(FRAGMENTS)
	cat $^ > $@
