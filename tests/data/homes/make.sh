#!/usr/bin/env bash
# Makes the home that an earlier version of kaohe left behind: tests/data/homes/make.sh COMMIT STATE NAME
# COMMIT: where the version stands in this repository; STATE: how far its year has come: provisional, reviewed or final.
# Needs the packages of requirements.lock in PYTHON (python3 if unset). What it ran is what a user would have typed.
set -euo pipefail
commit=$1 state=$2 name=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/program" "$work/prefect"
git -C "$here/../../.." archive "$commit" | tar -x -C "$work/program"
export PYTHONPATH=$work/program PREFECT_HOME=$work/prefect PREFECT_SERVER_ANALYTICS_ENABLED=false
unset KAOHE_KEY KAOHE_PROJECT
cd "$work"
kaohe() { "${PYTHON:-python3}" -m kaohe "$@" --home home; }
who=(--by 机关党委 --document 党办〔2024〕1号)

run() { kaohe run --inbox "$here/inbox" --year 2023 "$@"; }
run --as-of 2024-04-01
if [ "$state" != provisional ]; then
  kaohe announce --year 2023 "${who[@]}" --on 2024-04-26
  kaohe appeal add --unit 综合处 --indicator spot_check_round_1 --claim 记录是全的 --year 2023 "${who[@]}" --on 2024-05-07
fi
if [ "$state" = reviewed ]; then
  kaohe correct --table 组织生活记录抽查 --key C1 --column 详实记录 --expect 否 --value 是 --reason 补交原件 --year 2023 "${who[@]}"
  kaohe appeal resolve A1 --decision upheld --reason 核实 --year 2023 "${who[@]}" --on 2024-05-13
  run
fi
if [ "$state" = final ]; then
  kaohe appeal resolve A1 --decision rejected --reason 核实 --year 2023 "${who[@]}" --on 2024-05-13
  kaohe finalize --year 2023 "${who[@]}" --on 2024-05-14
fi
tar -C home -cf - . | xz -9e >"$here/$name.tar.xz"
