namespace Appliance.Cli;

/// <summary>
/// A command that cannot go on. Says what failed, where, why and what to do; <see cref="ExitCode"/> is 1 for something that failed
/// at run time and 2 for bad input (arguments, configuration, lab file).
/// </summary>
internal sealed class Failure(string what, string where, string why, string todo, int exitCode = Failure.AtRunTime) : Exception(what)
{
    /// <summary>Exit code of a failure at run time.</summary>
    public const int AtRunTime = 1;

    /// <summary>Exit code of bad input: nothing was started.</summary>
    public const int BadInput = 2;

    public string Where { get; } = where;

    public string Why { get; } = why;

    public string Todo { get; } = todo;

    public int ExitCode { get; } = exitCode;

    /// <summary>The four lines that an operator reads.</summary>
    public string Text => $"appliance: {Message}\n  where: {Where}\n  why:   {Why}\n  do:    {Todo}";
}
