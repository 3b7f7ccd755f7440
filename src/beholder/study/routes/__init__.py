"""The server's addresses, a file for each of those who come."""
