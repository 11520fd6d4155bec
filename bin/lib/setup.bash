# shellcheck shell=bash
# What the commands of a clone share: setting up what they need, below build/. Everything that is already there is
# reused, and what an interrupted run left half done is done again. Sourced; the caller has set -euo pipefail.

repository="$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")"
build="$repository/build"

# The Spark to install where SPARK_HOME names none, and what its Python gets besides.
spark_version_given="${SPARK_VERSION:-}"
SPARK_VERSION="${SPARK_VERSION:-4.0.5}"
PYHOCON_VERSION=0.3.63
PYPARSING_VERSION=3.3.3

# Says what is being done and, where it is known, how long that may take. On the error stream: some outputs are read.
say() {
  printf '==> %s\n' "$*" >&2
}

give_up() {
  printf 'jobserver: %s\n' "$*" >&2
  exit 1
}

# Runs a command while no other command of this clone is setting something up.
alone() {
  mkdir -p "$build"
  (
    if ! flock -n 9; then
      say "Waiting for another command that is setting this clone up"
      flock 9
    fi
    "$@" 9>&-
  ) 9>"$build/setup.lock"
}

# --- Python ----------------------------------------------------------------------------------------------------------

find_python() {
  python="${PYTHON:-python3}"
  command -v "$python" >/dev/null || give_up "There is no $python: install Python 3.10 or newer, or set PYTHON."
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
    || give_up "$python is too old: $("$python" --version 2>&1). Set PYTHON to a Python 3.10 or newer."
}

# A virtual environment with just the packages named; made anew when other ones are named or an earlier run broke off.
# Usage: prepare_venv <folder> <what it is, and how long it may take> <requirement>...
prepare_venv() {
  local folder="$1" what="$2" marker
  shift 2
  marker="$folder/requirements.installed"
  if [[ -x "$folder/bin/python" && "$(cat "$marker" 2>/dev/null)" == "$*" ]]; then
    return
  fi
  say "$what"
  rm -rf "$folder"
  mkdir -p "$(dirname "$folder")" "$build/log"
  {
    "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --disable-pip-version-check --no-input "$@"
  } >"$build/log/pip.log" 2>&1 || {
    tail -n 30 "$build/log/pip.log" >&2
    give_up "This could not be installed: $*. All that was said is in $build/log/pip.log"
  }
  echo "$*" >"$marker.part"
  mv "$marker.part" "$marker"
}

# --- Spark -----------------------------------------------------------------------------------------------------------

# Sets and exports SPARK_HOME, unless the caller has.
prepare_spark() {
  if [[ -n "${SPARK_HOME:-}" ]]; then
    [[ -z "$spark_version_given" || "$SPARK_HOME" == "$build/spark-$SPARK_VERSION/"* ]] \
      || say "SPARK_HOME is set: its Spark is used, whatever SPARK_VERSION says"
    return
  fi
  local venv="$build/spark-$SPARK_VERSION" folder
  if [[ -z "$(installed_spark "$venv")" || ! -e "$venv/requirements.installed" ]]; then
    find_python
    alone prepare_venv "$venv" \
      "Installing Spark $SPARK_VERSION into build/spark-$SPARK_VERSION (some 400 MB; one to five minutes, once)" \
      "pyspark==$SPARK_VERSION" "pyhocon==$PYHOCON_VERSION" "pyparsing==$PYPARSING_VERSION"
  fi
  folder="$(installed_spark "$venv")"
  [[ -n "$folder" ]] || give_up "There is no Spark in $venv. Remove that folder and try again."
  export SPARK_HOME="$folder"
}

# The SPARK_HOME of an environment; nothing when it has none.
installed_spark() {
  local folder
  for folder in "$1"/lib/python3.*/site-packages/pyspark; do
    if [[ -x "$folder/bin/spark-submit" ]]; then
      echo "$folder"
      return
    fi
  done
}

# --- the build -------------------------------------------------------------------------------------------------------

version() {
  sed -n 's:.*<version>\(.*\)</version>.*:\1:p' "$repository/pom.xml" | head -n 1
}

require_build_tools() {
  local javac="javac"
  if [[ -n "${JAVA_HOME:-}" ]]; then
    javac="$JAVA_HOME/bin/javac"
  fi
  command -v mvn >/dev/null || give_up "There is no mvn: install Maven 3.8 or newer."
  command -v "$javac" >/dev/null || give_up "There is no $javac: install a JDK 17 or newer, or set JAVA_HOME to one."
}

# Names, sizes and times of all that the distribution is made of.
fingerprint() {
  (
    cd "$repository" || exit
    find jobserver.* cnf .mvn pom.xml bnd.bnd run.bndrun driver.bndrun bin/jobserver \
      -type d \( -name target -o -name build -o -name dist -o -name '__pycache__' -o -name '.*_cache' \
      -o -name '*.egg-info' -o -path '*/src/test' -o -path '*/python/tests' -o -path jobserver.itest \) -prune \
      -o -type f -printf '%p %s %T@\n' | LC_ALL=C sort | sha256sum | cut -d' ' -f1
  )
}

# Runs Maven, showing what it is at; all that it says goes to build/log/maven.log.
run_maven() {
  mkdir -p "$build/log"
  (cd "$repository" && mvn -B -ntp "$@" 2>&1) | tee "$build/log/maven.log" | show_progress || {
    grep -nE '^(\[ERROR\]|ERROR)' "$build/log/maven.log" | head -n 60 >&2 || true
    printf 'jobserver: the build failed. All that it said is in %s\n' "$build/log/maven.log" >&2
    return 1
  }
}

show_progress() {
  local line
  while IFS= read -r line; do
    case "$line" in
      "[INFO] Building "*"["*"/"*"]") printf '    %s\n' "${line#\[INFO\] }" >&2 ;;
      "[INFO] Tests run: "*) [[ "$line" == *" in "* ]] || printf '        %s\n' "${line#\[INFO\] }" >&2 ;;
    esac
  done
}

# Sets distribution to the folder of the distribution, built from the sources as they are.
prepare_distribution() {
  distribution="$repository/jobserver.app/target/jobserver-$(version)"
  if [[ ! -e "$distribution/bundles/jobserver.boot.jar" \
    || "$(cat "$build/distribution.fingerprint" 2>/dev/null)" != "$(fingerprint)" ]]; then
    require_build_tools
    alone build_distribution
  fi
}

build_distribution() {
  local before
  before="$(fingerprint)"
  if [[ "$(cat "$build/distribution.fingerprint" 2>/dev/null)" == "$before" \
    && -e "$distribution/bundles/jobserver.boot.jar" ]]; then
    return # Another command has built it meanwhile.
  fi
  rm -f "$build/distribution.fingerprint"
  say "Building Jobserver (about a minute; some minutes the first time, when Maven fetches what it needs)"
  run_maven package -DskipTests -pl jobserver.app -am || exit 1
  remember_build "$before"
}

# Notes that the distribution was built from the sources with this fingerprint.
remember_build() {
  echo "$1" >"$build/distribution.fingerprint.part"
  mv "$build/distribution.fingerprint.part" "$build/distribution.fingerprint"
}
