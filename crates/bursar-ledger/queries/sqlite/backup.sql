-- Writes the whole ledger to a file of its own, as it is at one moment.
VACUUM INTO $1
