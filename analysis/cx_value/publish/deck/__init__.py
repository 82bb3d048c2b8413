"""The slide deck: what the brief edition says, on slides whose charts can be edited."""
