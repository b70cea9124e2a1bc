"""Results for people: tables on the screen, and a page with plots and pictures."""
