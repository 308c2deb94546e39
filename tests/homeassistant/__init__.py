"""What a real Home Assistant makes of the announcements."""
