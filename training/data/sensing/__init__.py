"""What sensors would have recorded of a drive: its surroundings made up, its traffic and roads as they were."""
