"""Work on many items: in this process, in others on this machine, or on a Dask cluster."""
