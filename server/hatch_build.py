from hatchling.builders.hooks.plugin.interface import BuildHookInterface
class LeafletHook(BuildHookInterface):
    pass
