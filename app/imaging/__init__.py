"""Arrays of pixels: load and save with profile and metadata, pyramids, resampling, masks, blending. No Qt."""
