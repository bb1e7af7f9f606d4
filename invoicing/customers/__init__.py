"""Asking a buyer for what an invoice lacks: the letter, its link, the page behind it, and the answer."""
