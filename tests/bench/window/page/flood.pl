# Takes claude's place on the terminal of a session: halts it and prints so many bytes in a second, the last key that was typed in each line,
# until its standard input ends. Then it says how many bytes and seconds that were.
use strict;
use warnings;
use Fcntl;
use Time::HiRes qw(time sleep);
my ($rate) = @ARGV;
fcntl(STDIN, F_SETFL, O_NONBLOCK);
my ($path, @claudes) = ('');
for my $folder (glob '/proc/[0-9]*') {
    my $input = readlink("$folder/fd/0") // '';
    next unless $input =~ m{^/dev/pts/};
    $path = $input;
    push @claudes, $folder =~ m{(\d+)$};
}
die "no program has a terminal\n" unless @claudes;
kill 'STOP', @claudes;
sysopen(my $terminal, $path, O_RDWR | O_NOCTTY) or die "$path: $!";
sysopen(my $keyboard, $path, O_RDONLY | O_NOCTTY | O_NONBLOCK) or die "$path: $!";
my ($key, $sent, $began) = ('-', 0, time);
while (1) {
    my $said = sysread(STDIN, my $word, 1);
    last if defined $said && $said == 0;
    while (sysread($keyboard, my $typed, 64)) { $key = substr($typed, -1) }
    if ($sent > (time - $began) * $rate) { sleep 0.001; next }
    my $text = ("<$key> " . ('the quick brown fox ' x 5) . "\r\n") x 20;
    my $left = length $text;
    while ($left > 0) {
        my $count = syswrite($terminal, $text, $left, length($text) - $left);
        last unless defined $count;
        $left -= $count;
        $sent += $count;
    }
}
kill 'CONT', @claudes;
printf "%d %.3f\n", $sent, time - $began;
