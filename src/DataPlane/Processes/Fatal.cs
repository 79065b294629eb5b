namespace Appliance.DataPlane;

/// <summary>What nobody foresaw: the process ends at once, and the supervisor starts it again. Until then the XDP programs drop what nobody takes.</summary>
internal static class Fatal
{
    public static void WorkerFailed(int worker, Exception failure)
    {
        Log.Say($"worker {worker} failed: {failure}");
        Environment.Exit(70);
    }
}
