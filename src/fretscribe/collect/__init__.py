"""Gathering tabs from a site, with good manners that cannot be switched off.

Knows sites and pages, not music: what is collected is read by ``io`` like any other file.

Modules
-------
answer     what a site answered, and who asks it
pages      a page's HTML to rows of a search and to tabs
ranking    which tabs come first, and which are wanted
robots     robots.txt
manners    who we say we are, pauses, and what to make of an answer
visitor    asks a site within these manners
browser    a real browser behind them
tab_info   what is known of a collected tab
manifest   the append-only record of a collection
library    the files of a collection; goes on after a kill
artists    a list of artists, under headings
ug         joins them: finds an artist's tabs and saves them
"""
