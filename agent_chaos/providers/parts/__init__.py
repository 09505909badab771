"""What several protocols share: JSON and streams changed as little as possible, stop reasons, ids."""
