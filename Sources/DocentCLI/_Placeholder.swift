import ArgumentParser
@main struct Docent: ParsableCommand { }
