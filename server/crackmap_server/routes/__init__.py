"""One file for each kind of thing that is asked for; they translate and leave the work to the modules beside."""
