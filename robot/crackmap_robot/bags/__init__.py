"""ROS 2 bags (SQLite or MCAP) without a ROS installation: their pictures and odometry as files that a scan takes."""
