"""A drive, wherever it comes from: who moved how, and on which roads. Everything downstream knows only this."""
