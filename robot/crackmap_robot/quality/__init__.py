"""What a frame can show: tiles that show nothing, and how fine a crack the others would show. Pure."""
