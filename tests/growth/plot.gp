# Memory and descriptors over time; `table` and `out` are given by tests/growth/run.
set terminal pngcairo size 1100,520
set datafile separator "\t"
set key outside right
set grid
set xlabel "seconds"
set yrange [0:]
set output out."/memory.png"
set title "Resident memory, MiB"
plot for [name in "master router server-1 server-2 server-3"] table using "seconds":(column(name."_rss") / 1024) with lines title name, \
     table using "seconds":(column("journal_kib") / 1024) with lines dashtype 3 title "journal (file)"
set output out."/descriptors.png"
set title "Descriptors"
set logscale y
set yrange [10:]
plot for [name in "master router server-1 server-2 server-3"] table using "seconds":(column(name."_fds")) with lines title name
