"""What an outcome goes with: importance, the map of levers, asymmetry, ceilings, opportunity."""
