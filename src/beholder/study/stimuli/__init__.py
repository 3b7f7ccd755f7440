"""What trials show: found in folders, completed by trials whose answer is known, stored in the study's folder."""
