"""Procedural drives: made-up roads, with highway-env's network, IDM and MOBIL drivers upon them."""
