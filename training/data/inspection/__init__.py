"""What a data set of correction samples holds, for people: counts, histograms, pictures."""
