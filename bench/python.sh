# Read by the benchmarks: python_with "pandas, sklearn" sets $python to the last of python3 and /usr/bin/python3 that has these
# modules, and to nothing where neither has.
python_with() {
  local one
  python=''
  for one in python3 /usr/bin/python3; do
    if "$one" -W ignore -c "import $1" 2>/dev/null; then python=$one; fi
  done
}
