"""The command `report`: what the CSV files tell of days and months."""
