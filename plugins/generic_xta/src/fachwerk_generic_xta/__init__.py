"""XTA 2 mailboxes (web service 2.1.1) as a Kanal."""
