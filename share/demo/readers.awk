# SPDX-License-Identifier: ISC
# A list of n readers, as a list of this size looks: most of them with a few big
# providers, some with others, a tail of small domains.  Each sixteenth is to be
# written to from the addresses that are being warmed up.
# Columns: address, name, id, virtual MTA.

BEGIN {
	srand(20261123)
	domains = "gmail.com 3400 yahoo.com 1250 hotmail.com 1150 " \
	    "outlook.com 900 live.com 350 icloud.com 700 aol.com 450 " \
	    "gmx.de 400 web.de 350 orange.fr 250 comcast.net 200 " \
	    "libero.it 150 t-online.de 150 proton.me 100 wanadoo.fr 80 " \
	    "example.org 60"
	n_domains = split(domains, d, " ")
	for (i = 2; i <= n_domains; i += 2)
		total += d[i]
	tail = split("bakers.example choir.example school.example " \
	    "garden.example harbour.example museum.example", small, " ")
	n_first = split("Anna Ben Carla David Elif Frank Greta Hannes Ines " \
	    "Jonas Katya Luis Mara Nils Olga Paul Rosa Sven Tomas Ulla " \
	    "Vera Wanda Yusuf Zoe", first, " ")
	n_last = split("Abel Berg Costa Demir Ernst Fischer Garcia Huber " \
	    "Ivanov Jansen Keller Lange Martin Novak Olsen Petit Rossi " \
	    "Silva Thomsen Urban Vogel Weber Young Zimmer", last, " ")
	for (i = 1; i <= n; i++) {
		f = first[1 + int(rand() * n_first)]
		l = last[1 + int(rand() * n_last)]
		printf "%s.%s%d@%s\t%s %s\t%05x\t%s\n", tolower(f), tolower(l),
		    i, domain(), f, l, i * 7919 % 1048573,
		    i % 16 == 0 ? "warmup-pool" : "fast"
	}
}

function domain(   r, j)
{
	r = rand() * (total + 60)
	for (j = 2; j <= n_domains; j += 2) {
		if (r < d[j])
			return d[j - 1]
		r -= d[j]
	}
	return small[1 + int(rand() * tail)]
}
