#!/bin/sh
# @NAME@ hook of gitmig: written by `gitmig install`, removed by `gitmig uninstall`.
# The hook that stood here before is kept as @NAME@.before-gitmig and runs first.
#
# Nothing of git's environment is unset in here: GIT_INDEX_FILE names the tree that is committed.

python=@PYTHON@

run_previous() {
    previous=${0%/*}/@NAME@.before-gitmig
    [ -f "$previous" ] && [ -x "$previous" ] || return 0
    "$previous" "$@"
}

# GITMIG_SKIP is the user's; GITMIG_RUNNING says that gitmig itself is at work above this hook.
skipped() {
    [ "${GITMIG_SKIP:-0}" != 0 ] || [ -n "$GITMIG_RUNNING" ]
}

# True where no staged path could matter to a migration: sources, configuration, and the data that
# models may be made from. Any doubt (git failed) is false.
nothing_staged() {
    git --no-literal-pathspecs diff --cached --quiet --no-ext-diff -- \
        ':(top,glob)**/*.py' ':(top,glob)**/*.ini' ':(top,glob)**/*.mako' \
        ':(top,glob)**/*.toml' ':(top,glob)**/*.json' ':(top,glob)**/*.y*ml' \
        ':(top,glob)**/*.csv' ':(top,glob)**/*.sql'
}

call_gitmig() {
    if [ -x "$python" ]; then
        # Not -m, which would import from the repository before anything else.
        exec "$python" -c 'import sys
sys.path = [entry for entry in sys.path if entry]
sys.argv[0] = "gitmig"
try:
    from gitmig.__main__ import main
except ModuleNotFoundError as error:
    sys.exit(f"gitmig: {error} ({sys.executable}): "
             "run gitmig install again, or commit without it: GITMIG_SKIP=1 git commit")
sys.exit(main())' "$@"
    fi
    # In a shared hooks folder $python is empty: it may be another machine's, or nobody's.
    for gitmig in "$(command -v gitmig)" .venv/bin/gitmig; do
        [ -x "$gitmig" ] && exec "$gitmig" "$@"
    done
    echo "gitmig: not found (${python:-on PATH, or in .venv}): run gitmig install again," \
        "or commit without it: GITMIG_SKIP=1 git commit" >&2
    exit 1
}

