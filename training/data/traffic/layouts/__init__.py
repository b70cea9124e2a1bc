"""Made-up roads: each module draws one kind of network, with who may drive, walk and stand where."""
