"""A thousand people in one room: the gateway, its peers and the floor, by one load client in one run."""
