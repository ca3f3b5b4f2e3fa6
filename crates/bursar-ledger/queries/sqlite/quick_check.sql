-- The first thing that is wrong with the file, or `ok`; indexes are not compared.
PRAGMA quick_check(1)
